using System.Collections.Concurrent;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// Sees to it that a queue exists before something is sent to it: a confirm for an exchange without a queue is a lost message.
/// Each queue is declared once, over a short connection of its own, and again after a send to it has failed; so this is also what
/// notices quickly, without waiting for a deadline, that the broker is away.
/// </summary>
internal sealed class QueueDeclarations(RabbitMqAddress address)
{
    // Names are the callers' choice and come and go; to declare a queue again does no harm.
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<string, Lazy<Task>> _declared = new(StringComparer.Ordinal);

    /// <summary>Returns when the queue is known to exist. Callers that come at the same time share one declaration.</summary>
    /// <exception cref="Exception">The broker can't be reached, or has the queue with other arguments.</exception>
    public Task EnsureAsync(string name, CancellationToken cancellationToken)
    {
        if (!_declared.TryGetValue(name, out var declaration))
        {
            if (_declared.Count >= MostRemembered)
                _declared.Clear();
            declaration = _declared.GetOrAdd(name, static (n, self) => new Lazy<Task>(() => self.DeclareAsync(n)), this);
        }

        return declaration.Value.IsCompletedSuccessfully ? Task.CompletedTask : WaitAsync(name, declaration, cancellationToken);
    }

    /// <summary>Declares the queue anew before the next send.</summary>
    public void Forget(string name)
    {
        if (_declared.TryGetValue(name, out var declaration) && declaration.Value.IsCompleted)
            _declared.TryRemove(KeyValuePair.Create(name, declaration));
    }

    private async Task WaitAsync(string name, Lazy<Task> declaration, CancellationToken cancellationToken)
    {
        try
        {
            await declaration.Value.WaitAsync(cancellationToken);
        }
        catch
        {
            Forget(name);
            throw;
        }
    }

    private async Task DeclareAsync(string name)
    {
        // Not a caller's token: the others would lose their declaration with him.
        using var patience = new CancellationTokenSource(RabbitMqAddress.Patience);
        await using var connection = await address.ToFactory("messaging-declare").CreateConnectionAsync(patience.Token);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: patience.Token);
        if (QueueTopology.ArgumentsOf(name).ContainsKey("x-dead-letter-exchange"))
            await QueueTopology.DeclareAsync(channel, QueueNames.Dead, patience.Token);
        await QueueTopology.DeclareAsync(channel, name, patience.Token);
    }
}
