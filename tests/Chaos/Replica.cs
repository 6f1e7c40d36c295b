using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Chaos;

/// <summary>One place for a process: whatever ends there is started again, as a supervisor would.</summary>
public sealed class Replica(string name, Func<ProductProcess> launch) : IAsyncDisposable
{
    private readonly SemaphoreSlim _changing = new(1);
    private ProductProcess? _process;

    /// <summary>What it is called.</summary>
    public string Name { get; } = name;

    /// <summary>The process of now.</summary>
    /// <exception cref="InvalidOperationException">It was never started.</exception>
    public ProductProcess Process => _process ?? throw new InvalidOperationException($"{Name} was not started.");

    /// <summary>How often it ended without anybody's doing here.</summary>
    public int Exits { get; private set; }

    /// <summary>The last lines of the one that ended by itself last.</summary>
    public string? LastExit { get; private set; }

    /// <summary>Starts the first process.</summary>
    public void Start() => _process = launch();

    /// <summary>Does something to the process, and starts another if it has ended then.</summary>
    public async Task DisturbAsync(Func<ProductProcess, Task> disturb)
    {
        await _changing.WaitAsync();
        try
        {
            await disturb(Process);
            await ReplaceIfEndedAsync();
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Starts another if the process has ended by itself.</summary>
    public async Task SuperviseAsync()
    {
        if (!Process.Process.Exit.IsCompleted || !await _changing.WaitAsync(0))
            return;
        try
        {
            if (!Process.Process.Exit.IsCompleted)
                return;
            Exits++;
            LastExit = $"{Name} ended with exit code {await Process.Process.Exit}. {Process.Process.LastLines()}";
            await ReplaceIfEndedAsync();
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _changing.Dispose();
    }

    private async Task ReplaceIfEndedAsync()
    {
        if (!Process.Process.Exit.IsCompleted)
            return;
        await Process.DisposeAsync();
        _process = launch();
    }
}
