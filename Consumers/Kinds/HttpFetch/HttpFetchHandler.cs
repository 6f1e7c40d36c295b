using Messaging.Contracts.Handlers;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Microsoft.Extensions.Options;
using Input = Messaging.Contracts.Kinds.HttpFetch;

namespace Messaging.Consumers.Kinds.HttpFetch;

/// <summary>
/// Runs <c>http.fetch</c>: all pages at the same time as far as the limits let them. The task succeeds whatever becomes of the pages;
/// running it again just fetches again.
/// </summary>
public sealed class HttpFetchHandler(HttpFetchClient client, TimeProvider time) : ITaskHandler<Input, HttpFetchResult>, IHandlerServices
{
    /// <summary>The upper bound of <see cref="Input.TimeoutPerUrl"/>.</summary>
    public static readonly TimeSpan LongestTimeoutPerUrl = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    public static void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<HttpFetchOptions>().Bind(configuration.GetSection(HttpFetchOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<HttpFetchOptions>, HttpFetchOptionsValidator>();
        services.AddSingleton<HttpFetchClient>();
    }

    /// <inheritdoc/>
    /// <exception cref="NonRetryableException">The timeout is not positive or longer than an hour; or the result could not be stored.</exception>
    public async Task<HttpFetchResult> HandleAsync(Input input, TaskContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(context);
        var timeout = input.TimeoutPerUrl ?? Input.DefaultTimeoutPerUrl;
        if (timeout <= TimeSpan.Zero || timeout > LongestTimeoutPerUrl)
            throw new NonRetryableException(
                $"The timeout is {Iso8601Duration.Format(timeout)}; it must be more than PT0S and at most {Iso8601Duration.Format(LongestTimeoutPerUrl)}.",
                FailureCodes.InvalidInput);

        var gates = new HostGates(input.ConcurrencyPerHost ?? Input.DefaultConcurrencyPerHost, client.Requests);
        var fetch = new PageFetch(client, gates, input.MaxBytesPerUrl ?? Input.DefaultMaxBytesPerUrl, timeout, ResultRoom.ForErrors(input.Urls), time);
        var progress = new Progress(context, input.Urls.Count);
        var pages = await Task.WhenAll(input.Urls.Select(async url =>
        {
            var page = await fetch.RunAsync(url, cancellationToken);
            progress.PageDone();
            return page;
        }));
        return new HttpFetchResult(pages);
    }

    /// <summary>Counts pages and reports them in order, whichever threads they end on.</summary>
    private sealed class Progress(TaskContext context, int total)
    {
        private readonly Lock _gate = new();
        private int _done;

        public void PageDone()
        {
            lock (_gate)
            {
                _done++;
                context.ReportProgress(100.0 * _done / total, $"{_done} of {total} pages");
            }
        }
    }
}
