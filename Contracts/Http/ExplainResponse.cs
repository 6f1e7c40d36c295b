using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Http;

/// <summary>Why a task is where it is: the answer of <c>GET /v1/tasks/{id}/explain</c>, computed when it is asked for.</summary>
/// <param name="Id">The task.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="Reason">One of <see cref="ExplainReasons"/>; for programs.</param>
/// <param name="Explanation">The same in a sentence or two, with what can be done; for people. Its words may change.</param>
/// <param name="Since">Since when it is so, where that is known.</param>
/// <param name="Until">When it will change by itself at the latest; left out where nobody can say.</param>
/// <param name="Ahead">While it is queued: how many tasks of its queue were queued before and have not started, counted up to 10,000.</param>
/// <param name="Workers">While it is queued or running: the consumer processes that matter to it.</param>
/// <param name="LastFailure">Why its last attempt did not succeed, if one has failed.</param>
public sealed record ExplainResponse(
    Guid Id,
    TaskState State,
    string Reason,
    string Explanation,
    DateTimeOffset? Since,
    DateTimeOffset? Until,
    int? Ahead,
    ExplainWorkers? Workers,
    TaskFailure? LastFailure);

/// <summary>Consumer processes by what they could do for a task. Those that drain are left out.</summary>
/// <param name="Live">All.</param>
/// <param name="Listening">Of these: on the task's queue.</param>
/// <param name="Able">Of these: with a handler for its kind.</param>
/// <param name="Slots">How many tasks the able ones may run at once, in all.</param>
/// <param name="Running">How many they ran at their last heartbeats.</param>
public sealed record ExplainWorkers(int Live, int Listening, int Able, int Slots, int Running);
