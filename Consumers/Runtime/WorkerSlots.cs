using Messaging.Contracts.Kinds;

namespace Messaging.Consumers.Runtime;

/// <summary>Which slots a queue's tasks take. Callbacks have their own: however many wait for slow receivers, no other task does.</summary>
internal sealed class WorkerSlots(SlotPool tasks, WorkerOptions options, TimeProvider time) : IDisposable
{
    private readonly SlotPool _callbacks = new(new WorkerOptions { Concurrency = options.CallbackConcurrency }, time);

    /// <summary>Those of all tasks but callbacks.</summary>
    public SlotPool Tasks => tasks;

    /// <summary>Those of a queue's tasks.</summary>
    public SlotPool Of(string queue) => queue == SendCallback.QueueName ? _callbacks : tasks;

    /// <inheritdoc/>
    public void Dispose() => _callbacks.Dispose();
}
