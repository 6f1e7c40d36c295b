using Messaging.Consumers;
using Messaging.Tests.Worker.Kinds;

// The product's worker, whatever runs in it, with the tests' kinds beside the built-in ones.
return await MessagingWorker.RunAsync(args, typeof(PoisonHandler).Assembly, typeof(MessagingWorker).Assembly);
