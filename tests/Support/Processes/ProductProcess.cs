using System.Globalization;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Support.Processes;

/// <summary>What a Producer and a consumer process have in common: an HTTP port of their own with <c>/health/ready</c>.</summary>
public abstract class ProductProcess : IAsyncDisposable
{
    /// <summary>How long a process may take until it is ready.</summary>
    public static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(120);

    /// <summary>How long a process may drain after SIGTERM before it is killed.</summary>
    public static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(40);

    private protected ProductProcess(string name, string project, int port, Dictionary<string, string?> environment, Action<string>? onLine)
    {
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));
        Http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(100) };
        Process = ManagedProcess.StartProject(name, project, environment, onLine);
    }

    /// <summary>Where its HTTP port is.</summary>
    public Uri Address { get; }

    /// <summary>A client with <see cref="Address"/> as its base.</summary>
    public HttpClient Http { get; }

    /// <summary>The process itself: its lines, its signals, its exit.</summary>
    public ManagedProcess Process { get; }

    /// <summary><c>kill -9</c>, and awaits the end.</summary>
    public Task KillAsync() => Process.KillAsync();

    /// <summary>Sends SIGTERM and awaits that it has drained and ended.</summary>
    /// <returns>Whether it ended by itself within <see cref="StopLimit"/>.</returns>
    public Task<bool> StopAsync(CancellationToken cancellationToken = default) => Process.StopAsync(StopLimit, cancellationToken);

    /// <summary>Awaits that <c>/health/ready</c> answers 200.</summary>
    /// <exception cref="ServerStartException">It ended before, or is not ready within <see cref="ReadyLimit"/>; shows its last lines.</exception>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await Eventually.TrueAsync(async token => Process.Exit.IsCompleted || await IsReadyAsync(token), ReadyLimit, cancellationToken);
        }
        catch (TimeoutException late)
        {
            throw new ServerStartException($"{Process.Name} is not ready after {ReadyLimit.TotalSeconds:0} s. {Process.LastLines()}", late);
        }

        if (Process.Exit.IsCompleted)
            throw new ServerStartException($"{Process.Name} ended with exit code {await Process.Exit} before it was ready. {Process.LastLines()}");
    }

    /// <summary>Kills it if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        Http.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Awaits that a process is ready; one that does not become so is ended.</summary>
    private protected static async Task<T> ReadyAsync<T>(T process, CancellationToken cancellationToken)
        where T : ProductProcess
    {
        try
        {
            await process.WaitUntilReadyAsync(cancellationToken);
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        using var answer = await Http.GetAsync(new Uri("health/ready", UriKind.Relative), cancellationToken);
        return answer.IsSuccessStatusCode;
    }

    private protected static Dictionary<string, string?> Merge(
        Dictionary<string, string?> environment, IReadOnlyDictionary<string, string?>? more)
    {
        foreach (var (name, value) in more ?? new Dictionary<string, string?>())
            environment[name] = value;
        return environment;
    }
}
