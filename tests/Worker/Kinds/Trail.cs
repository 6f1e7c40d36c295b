namespace Messaging.Tests.Worker.Kinds;

/// <summary>The file in which handlers leave lines for the test: it outlives a worker that is killed.</summary>
internal static class Trail
{
    // Handlers of one process take turns; lines of several processes are too short to be torn apart.
    private static readonly Lock Turn = new();

    /// <summary>Adds a line; does nothing without a file.</summary>
    public static void Leave(string? file, string line)
    {
        if (file is null)
            return;
        lock (Turn)
        {
            using var stream = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            stream.Write(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
        }
    }

    /// <summary>How many lines start like that.</summary>
    public static int Count(string? file, string start)
    {
        if (file is null || !File.Exists(file))
            return 0;
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n').Count(line => line.StartsWith(start, StringComparison.Ordinal));
    }
}
