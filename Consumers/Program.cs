using Messaging.Consumers;

// The worker with the built-in kinds. What runs in it stands in MessagingWorker.cs, which workers with kinds of their own run too.
return await MessagingWorker.RunAsync(args, typeof(MessagingWorker).Assembly);
