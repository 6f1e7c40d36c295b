using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Support.Servers;

/// <summary>
/// The system whose programs are run: this machine's own, or another one that lies in a folder, such as a newer Debian made by
/// <c>debootstrap</c>. A program of another system is run by <c>chroot</c>, with the mounts it needs in a namespace of its own: it keeps its
/// process id, and nothing stays mounted when it ends.
/// </summary>
public sealed class SystemRoot
{
    // rbind: what is mounted below comes along, such as the small disk of a test.
    private const string Script = """
        set -e
        root=$1 shared=$2
        shift 2
        mkdir -p "$root$shared"
        mount --rbind /proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount --rbind "$shared" "$root$shared"
        exec chroot "$root" "$@"
        """;

    private readonly string? _folder;

    private SystemRoot(string? folder) => _folder = folder;

    /// <summary>This machine's own.</summary>
    public static SystemRoot Own { get; } = new(folder: null);

    /// <summary>The system in this folder.</summary>
    /// <exception cref="ServerStartException">We are not root, and so may not run its programs.</exception>
    public static SystemRoot At(string folder) => UnixUser.IsRoot
        ? new(Path.GetFullPath(folder))
        : throw new ServerStartException($"The programs of the system in {folder} are run by chroot, which only root may: run this as root.");

    /// <summary>Whether a folder holds a whole system.</summary>
    public static bool IsAt(string folder) => Directory.Exists(Path.Combine(folder, "usr", "lib")) && Directory.Exists(Path.Combine(folder, "etc"));

    /// <summary>The folders below one of this system, as seen from inside; none when there is no such folder.</summary>
    public IReadOnlyList<string> FoldersIn(string folder)
    {
        var outside = Outside(folder);
        return Directory.Exists(outside) ? [.. Directory.GetDirectories(outside).Select(found => Path.Combine(folder, Path.GetFileName(found)))] : [];
    }

    /// <summary>The full path of a program as seen from inside, looked for in these folders first; null when it is nowhere.</summary>
    public string? Find(string program, params IEnumerable<string> folders)
        => _folder is null
            ? Command.Find(program, folders)
            : folders.Concat(["/usr/bin", "/usr/sbin", "/bin", "/sbin"]).Select(folder => Path.Combine(folder, program)).FirstOrDefault(IsThere);

    /// <summary>The command that runs a program of this system.</summary>
    /// <param name="data">The folder it works in: it and what lies beside it are to be seen under the same path from inside.</param>
    /// <param name="program">Its path as seen from inside, or a name that is looked for there.</param>
    /// <param name="arguments">Its arguments.</param>
    public (string Program, IReadOnlyList<string> Arguments) Enter(string data, string program, IEnumerable<string> arguments)
    {
        if (_folder is null)
            return (program, [.. arguments]);
        var above = Path.GetDirectoryName(Path.GetFullPath(data)) is { Length: > 1 } parent ? parent : Path.GetFullPath(data);
        return ("unshare", ["--mount", "/bin/sh", "-c", Script, "sh", _folder, above, program, .. arguments]);
    }

    /// <inheritdoc/>
    public override string ToString() => _folder ?? "this system";

    private string Outside(string path) => _folder is null ? path : _folder + path;

    /// <summary>Links count by themselves: their targets are paths of the other system.</summary>
    private bool IsThere(string path) => File.Exists(Outside(path)) || new FileInfo(Outside(path)).LinkTarget is not null;
}
