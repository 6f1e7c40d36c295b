using System.Globalization;
using System.Text.Json;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>What every task and message carries.</summary>
internal static class Payload
{
    /// <summary>The kind of every task: it does nothing but say its input back.</summary>
    public const string Kind = "debug.echo";

    /// <summary>The size of a task's input as JSON, in bytes, in all cases that are not about it.</summary>
    public const int Bytes = 200;

    /// <summary>Environment variable: another size than <see cref="Bytes"/>.</summary>
    public const string SizeVariable = "BENCH_PAYLOAD";

    /// <summary>The text in it.</summary>
    public static string Text { get; } = MakeText(
        Environment.GetEnvironmentVariable(SizeVariable) is { Length: > 0 } size ? int.Parse(size, CultureInfo.InvariantCulture) : Bytes);

    /// <summary>The input of a <c>debug.echo</c> task that says a text.</summary>
    public static byte[] Input(string message) => JsonSerializer.SerializeToUtf8Bytes(new DebugEcho(message), MessagingJson.Payload);

    /// <summary>Letters by chance, always the same: words would let Postgres compress a large input to nothing.</summary>
    private static string MakeText(int bytes)
        => new(new Random(1).GetItems<char>("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", bytes - Input("").Length));
}
