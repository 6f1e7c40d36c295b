using System.Text;
using Messaging.Infrastructure.Store.Read;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Store;

public sealed class TaskContentsTests : LedgerTest
{
    private TaskContents Contents => Ledger.Services.GetRequiredService<TaskContents>();

    [Test]
    public async Task A_task_is_read_back_as_the_message_carries_it()
    {
        var task = Ledger.NewTask("""{ "message": "ä" }""");
        await Ledger.Submit.SubmitAsync(task, CancellationToken.None);

        var loaded = (await Contents.LoadAsync([task.Id], CancellationToken.None)).Single();
        Assert.That(Encoding.UTF8.GetString(loaded.Input.Span), Is.EqualTo("""{ "message": "ä" }"""));
        Assert.That((loaded.Kind, loaded.Timeout, loaded.MaxAttempts), Is.EqualTo((task.Kind, task.Timeout, task.MaxAttempts)));
    }

    [Test]
    public async Task A_task_asked_for_twice_comes_once_and_one_that_ended_not_at_all()
    {
        var ids = await Ledger.SubmitManyAsync(2);
        await Ledger.Cancel.CancelAsync(ids[1], CancellationToken.None);

        var loaded = await Contents.LoadAsync([ids[0], ids[0], ids[1], Guid.NewGuid()], CancellationToken.None);
        Assert.That(loaded.Select(t => t.Id), Is.EqualTo(new[] { ids[0] }));
    }
}
