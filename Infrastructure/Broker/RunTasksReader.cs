using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Messaging.Contracts.Messages;

namespace Messaging.Infrastructure.Broker;

/// <summary>Reads what <see cref="RunTasksWriter"/> wrote. Unknown members are skipped, so that a newer sender of the same version is understood.</summary>
internal static class RunTasksReader
{
    /// <summary>Reads a body; the inputs in the answer are slices of it, so it must stay as it is.</summary>
    /// <param name="body">The bytes as they came.</param>
    /// <param name="message">The message.</param>
    /// <param name="reason">Why it can't be read; one line for a person.</param>
    public static bool TryRead(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out RunTasks? message, [NotNullWhen(false)] out string? reason)
    {
        try
        {
            message = Read(body);
            reason = null;
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            message = null;
            reason = e is JsonException json ? json.Message : $"A member has the wrong type: {e.Message}";
            return false;
        }
    }

    private static RunTasks Read(ReadOnlyMemory<byte> body)
    {
        var reader = new Utf8JsonReader(body.Span);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("The message is not a JSON object.");
        int? version = null;
        Guid? marker = null;
        List<RunTask>? tasks = null;
        while (ReadMember(ref reader))
        {
            if (reader.ValueTextEquals(RunTasksWriter.Version.EncodedUtf8Bytes))
                version = NextNumber(ref reader);
            else if (reader.ValueTextEquals(RunTasksWriter.Tasks.EncodedUtf8Bytes))
                tasks = ReadTasks(ref reader, body);
            else if (reader.ValueTextEquals(RunTasksWriter.Marker.EncodedUtf8Bytes))
                marker = reader.Read() ? reader.GetGuid() : null;
            else
                reader.Skip();

            // Said before anything inside is judged by rules that it may not follow.
            if (version > RunTasks.Version)
                throw new JsonException($"The message is of version {version}; this process knows up to {RunTasks.Version}.");
        }

        if (reader.Read())
            throw new JsonException("Something follows the message.");
        if (version is null or < 1)
            throw new JsonException("The message has no version 'v'.");
        return tasks is { Count: > 0 } || marker is not null
            ? new RunTasks(tasks ?? []) { Marker = marker }
            : throw new JsonException("The message has no tasks.");
    }

    private static List<RunTask> ReadTasks(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("'tasks' is not an array.");
        var tasks = new List<RunTask>();
        string? lastKind = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new JsonException($"Task {tasks.Count} is not an object.");
            tasks.Add(ReadTask(ref reader, body, tasks.Count, ref lastKind));
        }

        return tasks;
    }

    private static RunTask ReadTask(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, int index, ref string? lastKind)
    {
        Guid? id = null;
        string? kind = null, traceParent = null;
        ReadOnlyMemory<byte>? input = null;
        int revision = 0, maxAttempts = 1, losses = 0;
        TimeSpan? timeout = null;
        while (ReadMember(ref reader))
        {
            if (reader.ValueTextEquals(RunTasksWriter.Id.EncodedUtf8Bytes))
                id = reader.Read() ? reader.GetGuid() : null;
            else if (reader.ValueTextEquals(RunTasksWriter.Kind.EncodedUtf8Bytes))
                kind = lastKind = NextKind(ref reader, lastKind);
            else if (reader.ValueTextEquals(RunTasksWriter.Input.EncodedUtf8Bytes))
                input = NextRaw(ref reader, body);
            else if (reader.ValueTextEquals(RunTasksWriter.Revision.EncodedUtf8Bytes))
                revision = NextNumber(ref reader);
            else if (reader.ValueTextEquals(RunTasksWriter.Timeout.EncodedUtf8Bytes))
                timeout = NextDuration(ref reader);
            else if (reader.ValueTextEquals(RunTasksWriter.MaxAttempts.EncodedUtf8Bytes))
                maxAttempts = NextNumber(ref reader);
            else if (reader.ValueTextEquals(RunTasksWriter.TraceParent.EncodedUtf8Bytes))
                traceParent = reader.Read() ? reader.GetString() : null;
            else if (reader.ValueTextEquals(RunTasksWriter.Losses.EncodedUtf8Bytes))
                losses = NextNumber(ref reader);
            else
                reader.Skip();
        }

        return id is not null && kind is not null && input is not null && timeout is not null
            ? new RunTask(id.Value, revision, kind, input.Value, timeout.Value, maxAttempts, traceParent, losses)
            : throw new JsonException($"Task {index} lacks one of id, kind, input, timeoutMs.");
    }

    /// <summary>Goes to the next member's name; false at the end of the object.</summary>
    private static bool ReadMember(ref Utf8JsonReader reader)
    {
        if (!reader.Read())
            throw new JsonException("The message ends too early.");
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    private static int NextNumber(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetInt32();
    }

    private static TimeSpan NextDuration(ref Utf8JsonReader reader)
    {
        reader.Read();
        var milliseconds = reader.GetInt64();
        return milliseconds >= 0 && milliseconds < TimeSpan.MaxValue.TotalMilliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw new JsonException("A 'timeoutMs' is out of range.");
    }

    /// <summary>The tasks of a pack are mostly of one kind: one string serves all.</summary>
    private static string NextKind(ref Utf8JsonReader reader, string? last)
    {
        reader.Read();
        if (last is not null && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(last))
            return last;
        return reader.GetString() ?? throw new JsonException("A kind is null.");
    }

    private static ReadOnlyMemory<byte> NextRaw(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return body[start..(int)reader.BytesConsumed];
    }
}
