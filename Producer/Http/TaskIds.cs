using System.Diagnostics.CodeAnalysis;
using Messaging.Contracts.Http;

namespace Messaging.Producer.Http;

/// <summary>Reads the id in an address.</summary>
internal static class TaskIds
{
    public static bool TryParse(string text, out Guid id, [NotNullWhen(false)] out ProblemResult? problem)
    {
        problem = Guid.TryParseExact(text, "D", out id)
            ? null
            : new ProblemResult(Problems.InvalidRequest(new ProblemError($"'{Problems.Short(text)}' is not a UUID.", Parameter: "id")));
        return problem is null;
    }
}
