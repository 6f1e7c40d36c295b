using Messaging.Contracts.Client;
using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Integration.Examples;

/// <summary>A service that hands work over: the example of docs/client.md.</summary>
internal sealed class SignUp(ITaskClient tasks)
{
    public async Task<Guid> RegisterAsync(string address, CancellationToken cancellationToken)
    {
        var welcome = await tasks.SubmitAsync(
            new SendWelcome(address), new SubmitOptions { IdempotencyKey = $"welcome:{address}", Tags = ["sign-up"] }, cancellationToken);
        return welcome.Id;
    }

    public async Task<string> RegisterAndWaitAsync(string address, Action<double> progress, CancellationToken cancellationToken)
    {
        var welcome = await tasks.SubmitAsync(new SendWelcome(address), cancellationToken: cancellationToken);
        await foreach (var step in welcome.Progress.WithCancellation(cancellationToken))
            progress(step.Percent);
        try
        {
            var sent = await welcome.ResultAsync(cancellationToken);
            return sent.Receipt;
        }
        catch (TaskFailedException e) when (e.Failure.Code == "no-such-mailbox")
        {
            return "unknown address";
        }
        catch (TaskCalledOffException)
        {
            return "called off";
        }
    }

    public async Task<int> InviteAllAsync(IEnumerable<string> addresses, CancellationToken cancellationToken)
    {
        var refused = 0;
        var invitations = addresses.Select(address => new SendWelcome(address));
        await foreach (var item in tasks.SubmitManyAsync(invitations, cancellationToken: cancellationToken))
        {
            if (!item.IsAccepted)
                refused++; // item.Error says why
        }

        return refused;
    }
}

[TaskKind("example.send-welcome")]
internal sealed record SendWelcome(string Address) : ITaskInput<SendWelcomeResult>;

internal sealed record SendWelcomeResult(string Receipt);
