using System.Diagnostics;

namespace Messaging.Tests.Support.Processes;

/// <summary>
/// A long-running server as our child, in a session of its own: Ctrl-C in the terminal reaches us alone, and we stop it when its
/// clients have drained. Its output goes to a file.
/// </summary>
internal static class DetachedProcess
{
    private const string Script = """log=$1; shift; exec setsid "$@" </dev/null >>"$log" 2>&1""";

    /// <summary>Starts it; our end takes it along.</summary>
    /// <param name="program">Full path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables to set; null removes one.</param>
    /// <param name="log">File that its output is appended to.</param>
    public static Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment, string log)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Script, "sh", log, program, .. arguments]);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        if (ProcessIdentity.Of(process.Id) is { } identity)
            ChildReaper.Watch(identity);
        return process;
    }
}
