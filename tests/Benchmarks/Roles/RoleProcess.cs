using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>A child process that plays a role: this program started once more. It ends with us, whatever happens.</summary>
internal sealed class RoleProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly string _role;
    private readonly Process _process;
    private readonly Channel<string> _answers = Channel.CreateUnbounded<string>();

    private RoleProcess(string role, ProcessStartInfo start)
    {
        _role = role;
        _process = Process.Start(start)!;
        if (ProcessIdentity.Of(_process.Id) is { } identity)
            ChildReaper.Watch(identity);
        _ = ReadAsync();
    }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a role and awaits that it is ready.</summary>
    /// <param name="role">Its name.</param>
    /// <param name="settings">Environment variables.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<RoleProcess> StartAsync(string role, IReadOnlyDictionary<string, string?> settings, CancellationToken cancellationToken)
    {
        // In a session of its own: Ctrl-C in the terminal reaches us alone.
        var start = new ProcessStartInfo("setsid", [BuiltOutput.DotnetHost, "exec", typeof(RoleProcess).Assembly.Location, RoleLoop.Verb, role])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        var process = new RoleProcess(role, start);
        try
        {
            var first = await process.AnswerAsync(ReadyLimit, cancellationToken);
            return first == RoleLoop.Ready ? process : throw new BenchFailedException($"'{role}' said '{first}' instead of being ready.");
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Does one run.</summary>
    /// <exception cref="BenchFailedException">It ended, or did not do it in time.</exception>
    public async Task<RoleReport> RunAsync(int tasks, TimeSpan limit, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(tasks.ToString(CultureInfo.InvariantCulture));
        await _process.StandardInput.FlushAsync(cancellationToken);
        return RoleReport.Parse((await AnswerAsync(limit, cancellationToken))[1..]);
    }

    /// <summary>Closes its input, which ends it; kills it when that takes too long.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync().WaitAsync(StopLimit, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task<string> AnswerAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            return await _answers.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(limit, TimeProvider.System, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new BenchFailedException($"'{_role}' did not answer within {limit.TotalSeconds:0} s.");
        }
        catch (ChannelClosedException)
        {
            throw new BenchFailedException($"'{_role}' ended; its last words are above.");
        }
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(RoleLoop.Mark))
                _answers.Writer.TryWrite(line);
            else
                await Console.Error.WriteLineAsync($"  [{_role}] {line}");
        }

        _answers.Writer.TryComplete();
    }
}
