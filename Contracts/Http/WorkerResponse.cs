namespace Messaging.Contracts.Http;

/// <summary>A consumer process as <c>GET /v1/workers</c> shows it.</summary>
/// <param name="Id">New at each start.</param>
/// <param name="Host">The machine.</param>
/// <param name="Pid">The process on it.</param>
/// <param name="Version">Of the program.</param>
/// <param name="Queues">What it listens on.</param>
/// <param name="Kinds">What it can run.</param>
/// <param name="Slots">How many tasks it may run at once.</param>
/// <param name="Running">How many it ran at its last heartbeat.</param>
/// <param name="Draining">True once it takes no more.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="BeatAge">How old its last heartbeat is; one comes every second, and after about 12 s without it is declared dead.</param>
public sealed record WorkerResponse(
    Guid Id,
    string Host,
    int Pid,
    string Version,
    IReadOnlyList<string> Queues,
    IReadOnlyList<string> Kinds,
    int Slots,
    int Running,
    bool Draining,
    DateTimeOffset StartedAt,
    TimeSpan BeatAge);
