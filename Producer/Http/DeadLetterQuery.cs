using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Infrastructure.Store.Finish;

namespace Messaging.Producer.Http;

/// <summary>Reads the filter of dead letters out of an address.</summary>
internal static class DeadLetterQuery
{
    /// <summary>The parameters of the filter.</summary>
    public static readonly string[] Parameters = ["kind", "queue", "fingerprint", "tag", "finishedAfter", "finishedBefore"];

    public static DeadLetterFilter Filter(QueryReader query) => new(
        query.Text("kind", Names.IsKind, Names.KindRule),
        query.Text("queue", Names.IsQueue, Names.QueueRule),
        query.Text("fingerprint", ErrorFingerprint.IsFingerprint, ErrorFingerprint.Rule),
        query.Text("tag", Names.IsTag, Names.TagRule),
        query.Time("finishedAfter"),
        query.Time("finishedBefore"));
}
