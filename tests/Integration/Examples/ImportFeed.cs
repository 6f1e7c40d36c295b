using Messaging.Consumers.Kinds;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Kinds;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Examples;

[TaskKind("example.import", Timeout = "PT2M", MaxAttempts = 4, FirstRetryDelay = "PT2S")]
internal sealed record ImportFeed(string Feed) : ITaskInput<ImportFeedResult>;

internal sealed record ImportFeedResult(int Rows);

/// <summary>The example of docs/handlers.md: every way an attempt can end.</summary>
[RetryOn<HttpRequestException>(FirstRetryDelay = "PT10S", MaxRetryDelay = "PT10M")]
[RetryOn<IOException>(MaxAttempts = 2)]
[NoRetryOn<FormatException>]
internal sealed class ImportFeedHandler(FeedServer feeds) : ITaskHandler<ImportFeed, ImportFeedResult>, IHandlerServices
{
    public async Task<ImportFeedResult> HandleAsync(ImportFeed input, TaskContext context, CancellationToken cancellationToken)
    {
        var feed = await feeds.GetAsync(input.Feed, cancellationToken);
        return feed.Status switch
        {
            "busy" => throw new RetryAfterException(feed.RetryAfter, "The feed server is busy.", code: "feed-busy"),
            "being-built" => throw new SnoozeException(TimeSpan.FromMinutes(1)),
            "withdrawn" => throw new CancelTaskException($"The feed {input.Feed} was withdrawn."),
            "forbidden" => throw new NonRetryableException("The feed server knows us and says no.", code: "feed-forbidden"),
            _ => new ImportFeedResult(feed.Rows),
        };
    }

    public static void AddServices(IServiceCollection services, IConfiguration configuration) => services.AddSingleton<FeedServer>();
}

internal sealed record Feed(string Status, int Rows = 0, TimeSpan RetryAfter = default);

/// <summary>Answers as a test tells it to.</summary>
internal sealed class FeedServer
{
    /// <summary>The answer, or the exception, to the next calls.</summary>
    public Func<Feed> Answer { get; set; } = () => new Feed("ready", 3);

    public Task<Feed> GetAsync(string feed, CancellationToken cancellationToken) => Task.FromResult(Answer());
}
