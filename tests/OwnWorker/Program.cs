using Messaging.Consumers;

return await MessagingWorker.RunAsync(args);
