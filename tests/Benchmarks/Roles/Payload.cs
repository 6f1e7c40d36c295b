using System.Text.Json;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>What every task and message carries.</summary>
internal static class Payload
{
    /// <summary>The kind of every task: it does nothing but say its input back.</summary>
    public const string Kind = "debug.echo";

    /// <summary>The size of a task's input as JSON, in bytes.</summary>
    public const int Bytes = 200;

    /// <summary>The text in it.</summary>
    public static string Text { get; } = MakeText();

    private static string MakeText()
    {
        var frame = Input("").Length;
        var text = string.Concat(Enumerable.Repeat("no operation ", Bytes));
        return text[..(Bytes - frame)];
    }

    /// <summary>The input of a <c>debug.echo</c> task that says a text.</summary>
    public static byte[] Input(string message) => JsonSerializer.SerializeToUtf8Bytes(new DebugEcho(message), MessagingJson.Payload);
}
