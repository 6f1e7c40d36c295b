using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Outbox;
using Messaging.Tests.Support;

namespace Messaging.Tests.Unit.Infrastructure.Outbox;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RelayBacklogTests
{
    private readonly Dictionary<string, TimeSpan> _measured = new() { ["fast"] = Ms(1), ["swift"] = Ms(2), ["half"] = Ms(49), ["slow"] = Ms(50) };
    private readonly RelayOptions _options = new();
    private readonly SteppedTime _time = new();
    private readonly RelayBacklog _backlog;

    public RelayBacklogTests() =>
        _backlog = new RelayBacklog(_options, kind => _measured.TryGetValue(kind, out var run) ? run : null, _time);

    [Test]
    public void A_single_task_goes_at_once_when_nothing_is_under_way()
    {
        Add("fast", 1);
        Assert.That(TakeAll().Select(Size), Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void Tasks_of_short_kinds_share_packs_up_to_the_size_of_a_pack()
    {
        Add("fast", 100);
        Add("swift", 50);
        Assert.That(TakeAll().Select(Size), Is.EqualTo(new[] { 64, 64, 22 }));
    }

    [Test]
    public void A_pack_spans_rows_and_knows_how_many_tasks_of_each_it_has()
    {
        var (first, second) = (Add("fast", 40), Add("fast", 40));
        var packs = TakeAll();
        Assert.That(
            packs.Select(p => p.Parts.Select(part => (part.Entry.Id, part.Count))),
            Is.EqualTo(new[] { new[] { (first.Id, 40), (second.Id, 24) }, [(second.Id, 16)] }));
    }

    [Test]
    public void Single_tasks_go_by_express_while_few_come_and_little_is_under_way()
    {
        var express = Enumerable.Range(0, 40).Select(_ => Pass()).ToArray();
        Assert.That(express.Take(30), Is.All.True);
        Assert.That(express.Skip(30), Is.All.False, "300 a second, and packs serve them better");
        _time.Step(Ms(100));
        Assert.That(Pass(), Is.False, "many came of late");
        _time.Step(Ms(200));
        Assert.That(Pass(), Is.True);

        for (var underWay = 0; underWay < 3; underWay++)
        {
            Assert.That(_backlog.IsQuiet());
            Add("slow", 1);
            Assert.That(_backlog.Take()!.Ahead, Is.Null);
        }

        Assert.That(_backlog.IsQuiet(), Is.False);

        bool Pass()
        {
            var quiet = _backlog.IsQuiet();
            Add("slow", 1);
            _backlog.Sent(_backlog.Take()!);
            return quiet;
        }
    }

    [Test]
    public void Packs_that_wait_for_their_express_copies_are_no_load()
    {
        var packs = Enumerable.Range(0, 5).Select(_ =>
        {
            var entry = Add("slow", 1);
            entry.SentAheadTo = "somebody";
            Assert.That(_backlog.IsQuiet());
            return _backlog.TakeSingle([entry])!;
        }).ToArray();
        Assert.That(packs.Select(p => p.Ahead), Has.All.Not.Null);

        foreach (var pack in packs[..3])
            _backlog.NotTaken(pack);
        Assert.That(packs[0].Ahead, Is.Null, "the next time it goes at once");
        Assert.That(_backlog.IsQuiet(), Is.False, "they are on their way now");
        foreach (var pack in packs[3..])
            _backlog.Taken(pack);
        _backlog.Sent(packs[0]);
        Assert.That(_backlog.IsQuiet());
        Assert.That(_backlog.InFlight, Is.EqualTo(2));
    }

    [Test]
    public void Without_express_it_is_never_quiet()
    {
        _options.Express = false;
        Assert.That(_backlog.IsQuiet(), Is.False);
    }

    [TestCase("slow")]
    [TestCase("never measured")]
    public void What_is_not_known_to_be_short_goes_alone(string kind)
    {
        Add(kind, 3);
        Assert.That(TakeAll().Select(Size), Is.EqualTo(new[] { 1, 1, 1 }));
    }

    [Test]
    public void A_suspect_goes_alone_however_short_its_kind()
    {
        Add("fast", 10, losses: 1);
        Add("fast", 10);
        Assert.That(TakeAll().Select(Size).Order(), Is.EqualTo(Enumerable.Repeat(1, 10).Append(10)));
    }

    [Test]
    public void A_kind_that_is_measured_while_its_tasks_wait_is_packed_from_then_on()
    {
        Add("new", 10);
        Assert.That(Size(_backlog.Take()!), Is.EqualTo(1));
        _measured["new"] = Ms(3);
        Assert.That(TakeAll().Select(Size), Is.EqualTo(new[] { 9 }));
    }

    [Test]
    public void Long_tasks_among_short_ones_do_not_cut_packs_short()
    {
        for (var i = 0; i < 64; i++)
        {
            Add("fast", 1);
            Add("slow", 1);
        }

        var sizes = TakeAll().Select(Size).ToArray();
        Assert.That(sizes.Max(), Is.EqualTo(64));
        Assert.That(sizes.Count(s => s == 1), Is.EqualTo(64));
    }

    [Test]
    public void Long_tasks_do_not_wait_for_the_last_pack()
    {
        Add("slow", 2);
        Add("fast", 640);
        Assert.That(TakeAll().Select(Size).Take(4), Has.Exactly(2).EqualTo(1));
    }

    [Test]
    public void A_pack_holds_about_a_second_of_work_at_most()
    {
        Add("half", 64);
        Assert.That(TakeAll().Select(Size), Is.EqualTo(new[] { 20, 20, 20, 4 }));
    }

    [Test]
    public void A_pack_holds_256_KiB_at_most_and_a_larger_task_goes_all_the_same()
    {
        Add("fast", 3, bytes: 100 * 1024);
        Add("fast", 1, bytes: 500 * 1024);
        Add("fast", 1);
        Assert.That(TakeAll().Select(Size), Is.EqualTo(new[] { 2, 1, 1, 1 }));
    }

    [Test]
    public void With_enough_packs_under_way_one_that_is_not_full_waits_for_a_confirm()
    {
        Add("slow", _options.EagerPacks);
        var underWay = TakeAll();
        Add("fast", 10);
        Assert.That(_backlog.Take(), Is.Null);
        Add("fast", 60);
        Assert.That(TakeAll().Select(Size), Is.EqualTo(new[] { 64 }));

        _backlog.Sent(underWay[0]);
        _backlog.Sent(underWay[1]);
        Assert.That(TakeAll().Select(Size), Is.EqualTo(new[] { 6 }));
    }

    [Test]
    public void Queues_take_turns()
    {
        Add("fast", 640, queue: "flood");
        Add("fast", 1, queue: "quiet");
        Add("slow", 1, queue: "third");
        Assert.That(TakeAll().Take(3).Select(p => p.Lane.Queue), Is.EquivalentTo(new[] { "flood", "quiet", "third" }));
    }

    [Test]
    public void No_more_packs_are_under_way_than_allowed()
    {
        Add("slow", 1000);
        var packs = TakeAll();
        Assert.That(packs, Has.Count.EqualTo(_options.MaxPacksInFlight));
        Assert.That(_backlog.InFlight, Is.EqualTo(_options.MaxPacksInFlight));
        _backlog.Sent(packs[0]);
        Assert.That(TakeAll(), Has.Count.EqualTo(1));
    }

    [Test]
    public void Of_one_queue_no_more_full_packs_are_under_way_than_the_broker_takes_at_once()
    {
        Add("fast", 5000);
        Assert.That(TakeAll(), Has.Count.EqualTo(_options.MaxPacksPerQueue));
    }

    [Test]
    public void A_queue_that_is_alone_may_have_more_small_packs_under_way_than_one_that_is_not()
    {
        Add("slow", 1000, queue: "flood");
        Add("slow", 1, queue: "quiet");
        var packs = TakeAll();
        Assert.That(packs.Count(p => p.Lane.Queue == "flood"), Is.EqualTo(_options.MaxPacksPerQueue));

        packs.ForEach(p => _backlog.Sent(p));
        _time.Step(TimeSpan.FromSeconds(2));
        Assert.That(TakeAll(), Has.Count.EqualTo(_options.MaxPacksInFlight), "the other has long had nothing");
    }

    [Test]
    public void A_pack_that_failed_goes_again_as_it_is_one_at_a_time_after_a_pause()
    {
        Add("slow", 3);
        var packs = TakeAll();
        Assert.That(_backlog.Failed(packs[0]), Is.EqualTo(Ms(100)));
        Assert.That(_backlog.Failed(packs[1]), Is.Null, "failed together with the first");
        Assert.That(_backlog.Failed(packs[2]), Is.Null);
        Assert.That(_backlog.Take(), Is.Null, "not before the pause");

        packs[0].Lane.Trouble.PauseOver();
        Assert.That(TakeAll(), Is.EqualTo(new[] { packs[0] }), "one tries, the others wait");
        Assert.That(_backlog.Failed(packs[0]), Is.EqualTo(Ms(200)), "a longer pause");

        packs[0].Lane.Trouble.PauseOver();
        Assert.That(TakeAll(), Is.EqualTo(new[] { packs[1] }));
        Assert.That(_backlog.Sent(packs[1]), Is.EqualTo(4), "how many had failed");
        Assert.That(TakeAll(), Is.EqualTo(new[] { packs[2], packs[0] }), "all is well again");
    }

    [Test]
    public void A_queue_in_trouble_does_not_hold_up_the_others()
    {
        Add("slow", 1, queue: "broken");
        _backlog.Failed(_backlog.Take()!);
        Add("fast", 1, queue: "well");
        Assert.That(TakeAll().Select(p => p.Lane.Queue), Is.EqualTo(new[] { "well" }));
    }

    [Test]
    public void Every_task_is_sent_once_whatever_the_mixture()
    {
        var random = new Random(7);
        var sent = new HashSet<Guid>();
        var expected = new HashSet<Guid>();
        string[] kinds = ["fast", "slow", "half", "never measured"];
        for (var round = 0; round < 300; round++)
        {
            var entry = Add(kinds[random.Next(4)], random.Next(1, 90), queue: $"q{random.Next(3)}", bytes: random.Next(10, 20_000));
            expected.UnionWith(entry.Tasks.Select(t => t.Id));
            foreach (var pack in TakeAll())
            {
                if (random.Next(5) == 0)
                {
                    _backlog.Failed(pack);
                    pack.Lane.Trouble.PauseOver();
                    continue;
                }

                _backlog.Sent(pack);
                foreach (var task in pack.Tasks)
                    Assert.That(sent.Add(task.Id), "sent twice");
            }
        }

        while (_backlog.Take() is { } pack)
        {
            _backlog.Sent(pack);
            sent.UnionWith(pack.Tasks.Select(t => t.Id));
        }

        Assert.That(sent.SetEquals(expected));
    }

    private RelayEntry Add(string kind, int count, string queue = "default", int bytes = 20, int losses = 0)
    {
        var tasks = Enumerable.Range(0, count).Select(_ => new RunTask(Guid.NewGuid(), 0, kind, new byte[bytes], Ms(1000), 1, null, losses)).ToArray();
        var entry = new RelayEntry(new OutboxBatch(Guid.NewGuid(), queue, tasks), Guid.NewGuid());
        _backlog.Add(entry);
        return entry;
    }

    private List<RelayPack> TakeAll()
    {
        var packs = new List<RelayPack>();
        while (_backlog.Take() is { } pack)
            packs.Add(pack);
        return packs;
    }

    private static int Size(RelayPack pack) => pack.Tasks.Count;

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
