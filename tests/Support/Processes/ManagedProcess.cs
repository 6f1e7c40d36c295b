using System.Diagnostics;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Support.Processes;

/// <summary>
/// A child process whose lines are kept, that can be signalled, and that never outlives us. It has a session of its own, so that
/// Ctrl-C in the terminal reaches us alone. Thread-safe.
/// </summary>
public sealed class ManagedProcess : IAsyncDisposable
{
    private const int LinesKept = 20_000;
    private const int LinesInMessages = 30;

    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();
    private readonly List<Waiter> _waiters = [];
    private readonly Process _process;
    private readonly Action<string>? _onLine;
    private readonly ProcessIdentity? _identity;

    private ManagedProcess(string name, ProcessStartInfo start, Action<string>? onLine)
    {
        Name = name;
        _onLine = onLine;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Start();
        _identity = ProcessIdentity.Of(_process.Id);
        if (_identity is { } identity)
            ChildReaper.Watch(identity);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Exit = WaitForExitAsync();
    }

    /// <summary>What it is called in messages.</summary>
    public string Name { get; }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Ends, with the exit code, when the process has ended and all its lines are here. 128 + n: ended by signal n.</summary>
    public Task<int> Exit { get; }

    /// <summary>The newest lines (at most 20,000) of both streams.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
                return [.. _lines];
        }
    }

    /// <summary>Starts a program.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="program">A path, or a name to be looked for in <c>PATH</c>.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables to set on top of ours; null removes one.</param>
    /// <param name="onLine">Called with every line, in order; for an echo with a prefix.</param>
    /// <param name="folder">Its working folder; ours when not given.</param>
    public static ManagedProcess Start(
        string name,
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        Action<string>? onLine = null,
        string? folder = null)
    {
        var start = new ProcessStartInfo("setsid", [program, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (variable, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[variable] = value;
        return new ManagedProcess(name, start, onLine);
    }

    /// <summary>Starts a built project of the repository.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="project">Its folder: <c>Producer</c>, <c>Consumers</c>, <c>tests/Worker</c>.</param>
    /// <param name="environment">Variables to set on top of ours; null removes one.</param>
    /// <param name="onLine">Called with every line.</param>
    public static ManagedProcess StartProject(
        string name, string project, IReadOnlyDictionary<string, string?> environment, Action<string>? onLine = null)
    {
        // A host reads its appsettings.json from the working folder.
        var assembly = BuiltOutput.Of(project);
        return Start(name, BuiltOutput.DotnetHost, ["exec", assembly], environment, onLine, Path.GetDirectoryName(assembly));
    }

    /// <summary>Sends a signal; false when the process has ended.</summary>
    public bool Signal(UnixSignal signal) => _identity?.Signal(signal) ?? false;

    /// <summary><c>kill -9</c>, children included, and awaits the end.</summary>
    public async Task KillAsync()
    {
        // In its first moments the process has no group of its own yet.
        _identity?.SignalGroup(UnixSignal.Kill);
        Signal(UnixSignal.Kill);
        await Exit;
    }

    /// <summary>Sends SIGTERM and awaits the end; after the limit, SIGKILL.</summary>
    /// <returns>Whether it ended by itself within the limit.</returns>
    public async Task<bool> StopAsync(TimeSpan limit, CancellationToken cancellationToken = default)
    {
        Signal(UnixSignal.Terminate);
        try
        {
            await Exit.WaitAsync(limit, TimeProvider.System, cancellationToken);
            return true;
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            await KillAsync();
            return false;
        }
    }

    /// <summary>Returns the first line, past or future, that fits.</summary>
    /// <exception cref="TimeoutException">No such line within the limit; shows the last lines.</exception>
    /// <exception cref="ServerStartException">The process ended without such a line; shows the last lines.</exception>
    public async Task<string> WaitForLineAsync(Func<string, bool> fits, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        var waiter = new Waiter(fits, new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_gate)
        {
            if (_lines.FirstOrDefault(fits) is { } past)
                return past;
            _waiters.Add(waiter);
        }

        try
        {
            var ended = await Task.WhenAny(waiter.Found.Task, Exit).WaitAsync(limit, TimeProvider.System, cancellationToken);
            if (ended == waiter.Found.Task || waiter.Found.Task.IsCompleted)
                return await waiter.Found.Task;
            throw new ServerStartException($"{Name} ended with exit code {await Exit} before it wrote the expected line. {LastLines()}");
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{Name} did not write the expected line within {limit.TotalSeconds:0.#} s. {LastLines()}");
        }
        finally
        {
            lock (_gate)
                _waiters.Remove(waiter);
        }
    }

    /// <summary>The end of its output, for an error message.</summary>
    public string LastLines() => $"Its last lines:\n{string.Join('\n', Lines.TakeLast(LinesInMessages))}";

    /// <summary>Kills it if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    private void Take(string? line)
    {
        if (line is null)
            return;
        lock (_gate)
        {
            _lines.Enqueue(line);
            if (_lines.Count > LinesKept)
                _lines.Dequeue();
            foreach (var waiter in _waiters.Where(waiter => waiter.Fits(line)))
                waiter.Found.TrySetResult(line);
        }

        _onLine?.Invoke(line);
    }

    private sealed record Waiter(Func<string, bool> Fits, TaskCompletionSource<string> Found);
}
