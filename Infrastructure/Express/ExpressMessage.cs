using System.Diagnostics.CodeAnalysis;
using System.Text;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;

namespace Messaging.Infrastructure.Express;

/// <summary>
/// What an express copy is in a notification of Postgres: the task queue's own name, a line feed, and the body that the message to the queue
/// would have.
/// </summary>
internal static class ExpressMessage
{
    /// <summary>The most bytes of an input that is tried: with the rest it must stay below the 8,000 that Postgres takes.</summary>
    public const int MostInputBytes = 7_000;

    // NOTIFY: "the payload must be specified as a simple string literal … shorter than 8000 bytes".
    private const int MostBytes = 7_999;

    /// <summary>Writes one; null: it is too large.</summary>
    public static string? Write(string queue, RunTasks message)
    {
        var body = RunTasksWriter.Write(message);
        return Encoding.UTF8.GetByteCount(queue) + 1 + body.Length > MostBytes ? null : $"{queue}\n{Encoding.UTF8.GetString(body)}";
    }

    /// <summary>Reads one; false: it is none.</summary>
    public static bool TryRead(string payload, [NotNullWhen(true)] out string? queue, [NotNullWhen(true)] out RunTasks? message)
    {
        (queue, message) = (null, null);
        var end = payload.IndexOf('\n', StringComparison.Ordinal);
        if (end < 0 || !RunTasksReader.TryRead(Encoding.UTF8.GetBytes(payload[(end + 1)..]), out message, out _))
            return false;
        queue = payload[..end];
        return true;
    }
}
