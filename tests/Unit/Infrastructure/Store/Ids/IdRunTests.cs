using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Ids;

namespace Messaging.Tests.Unit.Infrastructure.Store.Ids;

public sealed class IdRunTests
{
    private static readonly Fence One = new(Guid.NewGuid(), 1);
    private static readonly Fence Other = One with { ClaimNo = 2 };

    [Test]
    public void Ids_that_follow_each_other_are_one_run()
    {
        Assert.That(Runs([5, 6, 7, 8], One, One, One, One), Is.EqualTo(new[] { new IdRun(0, 4) }));
    }

    [Test]
    public void A_run_goes_over_the_bounds_of_bytes()
    {
        Assert.That(Runs([0xFF, 0x100, 0xFFFF, 0x10000, ulong.MaxValue], One, One, One, One, One), Is.EqualTo(new[] { new IdRun(0, 2), new(2, 2), new(4, 1) }));
    }

    [Test]
    public void A_gap_begins_another()
    {
        Assert.That(Runs([1, 2, 4, 7, 8], One, One, One, One, One), Is.EqualTo(new[] { new IdRun(0, 2), new(2, 1), new(3, 2) }));
    }

    [Test]
    public void Another_fence_begins_another()
    {
        Assert.That(Runs([1, 2, 3], One, Other, Other), Is.EqualTo(new[] { new IdRun(0, 1), new(1, 2) }));
        Assert.That(Runs([1, 2], One, One with { Worker = Guid.NewGuid() }), Has.Length.EqualTo(2));
    }

    [Test]
    public void An_id_that_is_there_twice_begins_another()
    {
        Assert.That(Runs([1, 2, 2, 3], One, One, One, One), Is.EqualTo(new[] { new IdRun(0, 2), new(2, 2) }));
    }

    [Test]
    public void None_make_none()
    {
        Assert.That(Runs([]), Is.Empty);
    }

    [Test]
    public void An_id_is_found_by_its_distance_from_the_first()
    {
        Guid[] ids = [.. new ulong[] { 1, 5, 6, 7 }.Select(Id)];

        Assert.That(new IdRun(1, 3).PlaceOf(ids[3], ids), Is.EqualTo(3));
    }

    private static IdRun[] Runs(ulong[] ids, params Fence[] fences) => IdRun.Of([.. ids.Select(Id)], fences);

    private static Guid Id(ulong number) => new($"01a21d8e-8fcf-7000-{number >> 48:x4}-{number & 0xFFFF_FFFF_FFFF:x12}");
}
