using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Express;
using Messaging.Infrastructure.Store.Claim;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Runtime;

/// <summary>
/// A handler that computes keeps its thread. That must never be the thread that hands deliveries on, not even when the claim is answered while
/// that thread is still on its way to wait for it: on a busy machine this happens to one task in a hundred.
/// </summary>
[CancelAfter(60_000)]
public sealed class BlockingHandlerTests
{
    [Test]
    public async Task The_next_delivery_is_handed_on([Values] bool claimIsAnsweredAtOnce, CancellationToken cancellationToken)
    {
        await using var worker = await StartAsync(claimIsAnsweredAtOnce, cancellationToken);
        var blocking = await worker.SubmitAsync(new Blocking(), cancellationToken);

        var acknowledged = await FromALoopAsync(() => worker.DeliverAsync(cancellationToken, blocking), worker, cancellationToken);

        worker.Probe.Gate.SetResult();
        await acknowledged;
        Assert.That(worker.Probe.Runs[blocking.Id], Is.EqualTo(1));
    }

    [Test]
    public async Task The_next_express_copy_is_handed_on([Values] bool claimIsAnsweredAtOnce, CancellationToken cancellationToken)
    {
        await using var worker = await StartAsync(claimIsAnsweredAtOnce, cancellationToken);
        var blocking = await worker.SubmitAsync(new Blocking(), cancellationToken);
        var express = worker.Services.GetRequiredService<IExpressReceiver>();

        await FromALoopAsync(
            () =>
            {
                express.Receive(WorkerHarness.Queue, new RunTasks([blocking]));
                return Task.CompletedTask;
            },
            worker,
            cancellationToken);

        await worker.Probe.NextStartAsync(cancellationToken);
        worker.Probe.Gate.SetResult();
    }

    private static Task<WorkerHarness> StartAsync(bool claimIsAnsweredAtOnce, CancellationToken cancellationToken) => WorkerHarness.StartWithAsync(
        services =>
        {
            if (claimIsAnsweredAtOnce)
                services.AddSingleton<ITaskClaims, AnsweredAtOnce>();
        },
        cancellationToken);

    /// <summary>Calls as a loop does that must go on to the next; says so if the call keeps it.</summary>
    private static async Task<Task> FromALoopAsync(Func<Task> call, WorkerHarness worker, CancellationToken cancellationToken)
    {
        var loop = Task.Factory.StartNew(call, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return await loop.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, cancellationToken);
        }
        catch (TimeoutException)
        {
            worker.Probe.Gate.SetResult();
            throw new AssertionException("The handler ran on the thread that hands deliveries on, which waited for it.");
        }
    }

    /// <summary>The ledger's own claims, whose answer is there before anybody waits for it.</summary>
    private sealed class AnsweredAtOnce(ClaimStage claims) : ITaskClaims
    {
        public ValueTask<Claimed?[]> ClaimAsync(IReadOnlyList<ClaimRequest> requests, CancellationToken cancellationToken)
        {
            var answer = claims.ClaimAsync(requests, cancellationToken).AsTask();
            answer.Wait(cancellationToken);
            return new ValueTask<Claimed?[]>(answer);
        }
    }
}
