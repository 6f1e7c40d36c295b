using System.Diagnostics.Metrics;

namespace Messaging.Infrastructure.Store.Submit;

/// <summary>Counts what idempotency keys have kept from being made twice, by outcome.</summary>
internal sealed class KeyMeter
{
    /// <summary>The meter of everything about submits.</summary>
    public const string MeterName = "Messaging.Submit";

    private readonly Counter<long> _stopped;

    public KeyMeter(IMeterFactory meters) => _stopped = meters.Create(MeterName).CreateCounter<long>(
        "messaging.submit.repeated", "{task}", "Submits with an idempotency key that made no task: replayed, key-conflict or key-undecided");

    public void Count(SubmitOutcome outcome)
    {
        if (outcome != SubmitOutcome.Accepted)
            _stopped.Add(1, new KeyValuePair<string, object?>("outcome", Name(outcome)));
    }

    private static string Name(SubmitOutcome outcome) => outcome switch
    {
        SubmitOutcome.Replayed => "replayed",
        SubmitOutcome.KeyConflict => "key-conflict",
        _ => "key-undecided",
    };
}
