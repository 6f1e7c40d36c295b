using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>What most cases consist of: servers of their own, the contestants that take turns on them, and a result. All of it ends with it.</summary>
internal sealed class Lineup : IAsyncDisposable
{
    private readonly string _case;
    private readonly BenchSettings _settings;
    private readonly List<IContestant> _contestants = [];
    private readonly Dictionary<string, string> _floors = [];
    private string _floor = "";

    private Lineup(string benchCase, BenchSettings settings, BenchServers servers) => (_case, _settings, Servers) = (benchCase, settings, servers);

    /// <summary>The case's servers.</summary>
    public BenchServers Servers { get; }

    /// <summary>How many contestants have started.</summary>
    public int Count => _contestants.Count;

    /// <summary>Starts the servers.</summary>
    /// <param name="benchCase">The case's name.</param>
    /// <param name="settings">How it runs.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<Lineup> StartAsync(string benchCase, BenchSettings settings, CancellationToken cancellationToken)
        => new(benchCase, settings, await BenchServers.StartAsync(cancellationToken));

    /// <summary>Starts a floor: it always runs, and those that are added after it are compared with it.</summary>
    /// <param name="name">What the tables call it.</param>
    /// <param name="start">Starts it by that name.</param>
    public async Task AddFloorAsync<T>(string name, Func<string, Task<T>> start)
        where T : IContestant
    {
        var contestant = await start(name);
        _contestants.Add(contestant);
        _floor = contestant.Name;
        _floors[_floor] = _floor;
    }

    /// <summary>Starts a contestant, unless it is one of those that <c>--only</c> leaves out. The first is a floor.</summary>
    /// <param name="name">What the tables call it.</param>
    /// <param name="start">Starts it by that name.</param>
    public async Task AddAsync<T>(string name, Func<string, Task<T>> start)
        where T : IContestant
    {
        if (_contestants.Count == 0)
        {
            await AddFloorAsync(name, start);
            return;
        }

        if (!name.Contains(_settings.Only, StringComparison.OrdinalIgnoreCase))
            return;
        var contestant = await start(name);
        _contestants.Add(contestant);
        _floors[contestant.Name] = _floor;
    }

    /// <summary>Lets them take turns.</summary>
    /// <param name="tasks">In each run.</param>
    /// <param name="conditions">What else the table's head says of the case, or says otherwise than for most.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="BenchFailedException">A run lost or repeated work, or something it needs broke.</exception>
    public async Task<CaseResult> RunAsync(int tasks, IReadOnlyDictionary<string, string> conditions, CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, string>
        {
            ["tasks"] = tasks.ToString("N0", CultureInfo.InvariantCulture),
            ["payload"] = $"{Payload.Bytes} B",
            ["repeats"] = $"{_settings.RepeatsOrDefault}, interleaved",
        };
        foreach (var (name, value) in conditions)
            all[name] = value;
        Console.WriteLine($"{_case}: {tasks:N0} tasks a run");
        var results = await Rounds.RunAsync(_contestants, tasks, _settings.RepeatsOrDefault, cancellationToken);
        return new CaseResult(
            _case, all, await Servers.FactsAsync(cancellationToken), [.. results.Select(result => result with { Floor = _floors[result.Name] })]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var contestant in _contestants)
            await contestant.DisposeAsync();
        await Servers.DisposeAsync();
    }
}
