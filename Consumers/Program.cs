using Messaging.Consumers;
using Messaging.Consumers.Runtime;
using Messaging.Contracts.Kinds;

// The worker with the built-in kinds. What runs in it stands in MessagingWorker.cs, which workers with kinds of their own run too.
return await MessagingWorker.RunAsync(
    args,
    builder => WorkerOptions.ListenByDefault(builder.Configuration, KindDescription.DefaultQueue, SendCallback.QueueName),
    typeof(MessagingWorker).Assembly);
