using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Support.Servers;

/// <summary>Where a server keeps its data, log and settings: a folder that stays, or one of its own that goes when it is disposed.</summary>
public sealed class DataFolder
{
    /// <summary>
    /// Set on every process that works in a folder, to the folder's path. So what a killed parent left behind can be told from
    /// everybody else's processes.
    /// </summary>
    public const string OwnerVariable = "MESSAGING_DATA_FOLDER";

    private readonly bool _temporary;

    private DataFolder(string path, bool temporary)
    {
        Path = path;
        _temporary = temporary;
    }

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <summary>A folder that is kept; made when it does not exist.</summary>
    public static DataFolder Kept(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        Make(full);
        return new DataFolder(full, temporary: false);
    }

    /// <summary>A new folder that is removed at the end, also when this process is killed.</summary>
    /// <param name="name">Part of the folder's name, for people who look.</param>
    public static DataFolder Temporary(string name)
    {
        var parent = System.IO.Path.GetTempPath();
        if (!UnixUser.CanBeEnteredByAll(parent))
            parent = "/var/tmp";
        var path = System.IO.Path.Combine(parent, $"messaging-{name}-{Guid.NewGuid().ToString("N")[..12]}");
        Make(path);
        ChildReaper.WatchFolder(path);
        return new DataFolder(path, temporary: true);
    }

    /// <summary>Removes all that is in the folder.</summary>
    public void Empty()
    {
        foreach (var folder in Directory.GetDirectories(Path))
            Directory.Delete(folder, recursive: true);
        foreach (var file in Directory.GetFiles(Path))
            File.Delete(file);
    }

    /// <summary>A path below the folder.</summary>
    public string Combine(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>
    /// Ends processes that still work in this folder although nobody holds it any more (an earlier parent was killed together with
    /// its reaper). Call only while holding the folder.
    /// </summary>
    /// <returns>How many there were.</returns>
    public async Task<int> EndLeftoversAsync(CancellationToken cancellationToken = default)
    {
        var leftovers = ProcessIdentity.WithEnvironment(OwnerVariable, Path);
        foreach (var process in leftovers)
            process.Signal(UnixSignal.Quit);
        foreach (var process in leftovers)
        {
            // A process that is just being started may miss the first signal.
            if (!await process.WaitForExitAsync(TimeSpan.FromSeconds(5), cancellationToken) && process.Signal(UnixSignal.Kill))
                await process.WaitForExitAsync(TimeSpan.FromSeconds(5), cancellationToken);
        }

        return leftovers.Count;
    }

    /// <summary>Removes the folder if it is a temporary one.</summary>
    public void Release()
    {
        if (_temporary && Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }

    private static void Make(string path)
    {
        Directory.CreateDirectory(path);
        // As root, Postgres works in it as another user, whatever root's umask says.
        if (UnixUser.IsRoot && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherExecute);
    }
}
