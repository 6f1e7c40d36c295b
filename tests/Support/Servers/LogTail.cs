namespace Messaging.Tests.Support.Servers;

/// <summary>Makes one readable sentence of a server's log for an error message.</summary>
internal static class LogTail
{
    private const int Lines = 6;

    /// <summary>The last lines that are not empty, in one.</summary>
    public static string Of(string log)
    {
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0 ? "it wrote nothing" : string.Join(" | ", lines.TakeLast(Lines));
    }
}
