using System.Globalization;
using System.Runtime.InteropServices;

namespace Messaging.Tests.Support.Processes;

/// <summary>
/// A process named by its id and its start time, so that a signal never reaches a stranger that got the same id later.
/// </summary>
/// <param name="Id">The process id.</param>
/// <param name="StartTime">Start in clock ticks since boot (field 22 of <c>/proc/pid/stat</c>).</param>
public readonly record struct ProcessIdentity(int Id, long StartTime)
{
    /// <summary>The process that has this id now; null when there is none, or only its zombie.</summary>
    public static ProcessIdentity? Of(int id) => ReadStat(id) is { State: not ('Z' or 'X') } stat ? new(id, stat.StartTime) : null;

    /// <summary>Whether this very process still runs (a zombie does not).</summary>
    public bool IsAlive => Of(Id) == this;

    /// <summary>All processes whose parent this one is.</summary>
    public IReadOnlyList<ProcessIdentity> Children()
    {
        var parent = Id;
        return [.. AllIds()
            .Select(id => (Id: id, Stat: ReadStat(id)))
            .Where(found => found.Stat is { State: not ('Z' or 'X') } stat && stat.ParentId == parent)
            .Select(found => new ProcessIdentity(found.Id, found.Stat!.Value.StartTime))];
    }

    /// <summary>All processes that were started with this environment variable set to this value (as far as they may be read).</summary>
    public static IReadOnlyList<ProcessIdentity> WithEnvironment(string name, string value)
    {
        var wanted = $"{name}={value}";
        return [.. AllIds()
            .Where(id => ReadFile($"/proc/{id}/environ")?.Split('\0').Contains(wanted) == true)
            .Select(Of)
            .OfType<ProcessIdentity>()];
    }

    /// <summary>The command line, arguments separated by spaces; empty when the process is gone.</summary>
    public string CommandLine => ReadFile($"/proc/{Id}/cmdline")?.Replace('\0', ' ').TrimEnd() ?? "";

    /// <summary>Sends a signal; false when the process had ended already.</summary>
    /// <exception cref="InvalidOperationException">The process belongs to somebody else.</exception>
    public bool Signal(UnixSignal signal) => Send(Id, signal);

    /// <summary>Sends a signal to the group that this process leads: also to the children it started, unless they left the group.</summary>
    /// <inheritdoc cref="Signal"/>
    public bool SignalGroup(UnixSignal signal) => Send(-Id, signal);

    /// <summary>Awaits the end of the process; false when it still runs after the limit.</summary>
    public async Task<bool> WaitForExitAsync(TimeSpan limit, CancellationToken cancellationToken = default)
    {
        var self = this;
        try
        {
            await Eventually.TrueAsync(() => !self.IsAlive, limit, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private bool Send(int target, UnixSignal signal)
    {
        if (!IsAlive)
            return false;
        if (Kill(target, (int)signal) == 0)
            return true;
        const int noSuchProcess = 3;
        var error = Marshal.GetLastPInvokeError();
        return error == noSuchProcess ? false : throw new InvalidOperationException($"Cannot send {signal} to process {Id} (errno {error}).");
    }

    private static IEnumerable<int> AllIds() => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Where(id => id > 0);

    private static (char State, int ParentId, long StartTime)? ReadStat(int id)
    {
        // The name, in brackets, may itself hold spaces and brackets: fields are counted from the last one.
        if (ReadFile($"/proc/{id}/stat") is not { Length: > 0 } text)
            return null;
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    private static string? ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
