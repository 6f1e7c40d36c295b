using Messaging.Contracts.Http;
using Messaging.EntityFramework;
using Microsoft.EntityFrameworkCore;
using OwnShop;

// Keeps a text in a table of its own and has its words counted: both, or neither. Says the task's id.
await using var db = new ShopDb(args[0]);
await db.Database.ExecuteSqlRawAsync("CREATE TABLE IF NOT EXISTS texts (content text PRIMARY KEY, task uuid NOT NULL)");

await using var transaction = await db.Database.BeginTransactionAsync();
var task = await db.EnqueueTaskAsync(
    new CountWords(args[1]),
    new EnqueueOptions { Tags = ["shop"], Callback = new CallbackRequest { Url = "https://shop.example/counted", Events = ["task.failed"] } });
db.Texts.Add(new Text { Content = args[1], Task = task });
await db.SaveChangesAsync();
await transaction.CommitAsync();

Console.WriteLine(task);
