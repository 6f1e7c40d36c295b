using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// Looks after the receiving bus, whose endpoints can stay dead after a cut, a broker's restart or a consumer timeout while everything
/// reports well. Two signs: a queue without a consumer although the broker answers, and a queue where messages wait, this process has
/// room, and nothing comes. What it does grows from step to step, see <see cref="RepairStep"/>.
/// </summary>
internal sealed class EndpointWatch(
    BusKeeper keeper,
    IReadOnlyList<EndpointStatus> endpoints,
    Func<bool> hasRoom,
    TimeSpan silence,
    BrokerProbe probe,
    BrokerMeter meter,
    Action<string> giveUp,
    ILogger<EndpointWatch> log,
    TimeProvider time) : IAsyncDisposable
{
    private const string Bus = "receiving";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stop = new();
    private TimeSpan _patience = FirstPatience;
    private long _completeAt = time.GetTimestamp();
    private Task _running = Task.CompletedTask;
    private volatile IReadOnlyList<string> _stalled = [];

    /// <summary>The queues, by their names on the broker, that gave the second sign when last looked at.</summary>
    public IReadOnlyList<string> Stalled => _stalled;

    /// <summary>Begins to watch.</summary>
    public void Start() => _running = Task.Run(WatchAsync);

    /// <summary>Stops watching.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    await LookForMissingAsync();
                    await LookForSilentAsync();
                }
                catch (Exception e) when (!_stop.IsCancellationRequested)
                {
                    log.BrokerAway(e.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            log.WatchStopped();
        }
    }

    /// <summary>When the broker answers and a consumer is missing, the bus is replaced.</summary>
    private async Task LookForMissingAsync()
    {
        var missing = endpoints.Where(e => !e.Consuming).Select(e => e.Name).ToArray();
        if (missing.Length == 0)
            (_completeAt, _patience) = (time.GetTimestamp(), FirstPatience);
        if (time.GetElapsedTime(_completeAt) < _patience || keeper.Running is not { } bus)
            return;
        await probe.ReachAsync(_stop.Token);
        meter.Repaired(Bus, RepairStep.Bus);
        keeper.Replace(bus, $"{string.Join(", ", missing)} had no consumer for {_patience.TotalSeconds:0} s although the broker answers");
        _completeAt = time.GetTimestamp();
        _patience = _patience * 2 < LongestPatience ? _patience * 2 : LongestPatience;
    }

    /// <summary>When messages wait, there is room, and nothing comes, the next step is taken.</summary>
    private async Task LookForSilentAsync()
    {
        var silent = hasRoom() ? endpoints.Where(e => e.Consuming && e.HasRoom && e.Silence >= silence).ToArray() : [];
        if (silent.Length == 0)
        {
            if (_stalled.Count > 0)
                _stalled = [.. endpoints.Where(e => e.LastStep != RepairStep.None).Select(e => e.Name)];
            return;
        }

        var ready = await probe.ReadyMessagesAsync(silent.Select(e => e.Name), _stop.Token);
        var stalled = silent.Where(e => ready[e.Name] > 0 && e.Silence >= silence && hasRoom()).ToArray();
        // Those where nothing waits are well: others took what there was, or there was nothing.
        foreach (var endpoint in silent.Except(stalled))
            endpoint.Rest();
        _stalled = [.. stalled.Select(e => e.Name)];
        foreach (var endpoint in stalled)
            await RepairAsync(endpoint, ready[endpoint.Name]!.Value);
    }

    private async Task RepairAsync(EndpointStatus endpoint, uint ready)
    {
        var silent = endpoint.Silence.TotalSeconds;
        var reason = FormattableString.Invariant($"{ready} messages wait in {endpoint.Name}, there is room, and nothing came for {silent:0} s");
        endpoint.LastStep = endpoint.LastStep < RepairStep.Process ? endpoint.LastStep + 1 : RepairStep.Process;
        endpoint.SignNow(); // the step gets as long to help
        meter.Repaired(Bus, endpoint.LastStep);
        switch (endpoint.LastStep)
        {
            case RepairStep.Channel:
                log.ChannelReopened(endpoint.Name, ready, silent);
                await endpoint.ReopenAsync();
                break;
            case RepairStep.Bus when keeper.Running is { } bus:
                keeper.Replace(bus, $"{reason}, with a new channel too");
                break;
            case RepairStep.Process:
                log.GivenUp(reason);
                giveUp(reason);
                break;
        }
    }
}
