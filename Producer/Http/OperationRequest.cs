using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Operations;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Infrastructure.Store.Finish;

namespace Messaging.Producer.Http;

/// <summary>Reads the body of <c>POST /v1/operations</c>.</summary>
internal static class OperationRequest
{
    /// <summary>The largest body, in bytes.</summary>
    public const int MaxBytes = 16 * 1024;

    private const int FastestRate = 100_000;

    /// <summary>Either an operation, and whether it is only tried out, or what is wrong with the body.</summary>
    public static (NewOperation? Operation, bool DryRun, Problem? Problem) Read(ReadOnlyMemory<byte> body)
    {
        using var json = MemberReader.Parse(body, out var malformed);
        if (json is null)
            return (null, false, malformed);
        var members = json.Object("An operation", "action", "filter", "dryRun", "ratePerSecond", "reason");
        var action = members.Text("action", text => text is "retry" or "discard", "'retry' or 'discard'");
        if (!members.Has("action"))
            members.Missing("action", "Missing: say 'retry' or 'discard'.");
        var filter = ReadFilter(members);
        var dryRun = members.Flag("dryRun") ?? false;
        var rate = members.Integer("ratePerSecond", 1, FastestRate);
        var reason = members.Text("reason", ActionReason.IsReason, ActionReason.Rule);
        return json.Problem is { } problem
            ? (null, false, problem)
            : (new NewOperation(action == "retry" ? OperationAction.Retry : OperationAction.Discard, filter, rate, reason), dryRun, null);
    }

    /// <summary>A filter must be there, so that nobody takes all by leaving something out; <c>{}</c> is all.</summary>
    private static DeadLetterFilter ReadFilter(MemberReader.Members members)
    {
        var filter = members.Object("filter", "A filter", DeadLetterQuery.Parameters);
        if (filter is null)
        {
            members.Missing("filter", "Missing: say which dead letters; {} means all.");
            return new DeadLetterFilter();
        }

        return new DeadLetterFilter(
            filter.Text("kind", Names.IsKind, Names.KindRule),
            filter.Text("queue", Names.IsQueue, Names.QueueRule),
            filter.Text("fingerprint", ErrorFingerprint.IsFingerprint, ErrorFingerprint.Rule),
            filter.Text("tag", Names.IsTag, Names.TagRule),
            filter.Time("finishedAfter"),
            filter.Time("finishedBefore"));
    }
}
