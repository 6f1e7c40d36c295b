using System.Security.Cryptography;
using System.Text;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Dev.Up;

/// <summary>The data folder of <c>./dev up</c>, held by one run at a time.</summary>
public sealed class UpFolder : IDisposable
{
    private const string Name = ".data";

    private readonly FileStream _lock;

    private UpFolder(DataFolder data, FileStream held)
    {
        Data = data;
        _lock = held;
    }

    /// <summary>The folder.</summary>
    public DataFolder Data { get; }

    /// <summary>Takes the folder, ends what a killed run left working in it, and empties it if asked to.</summary>
    /// <exception cref="ServerStartException">Another run holds it.</exception>
    public static async Task<UpFolder> TakeAsync(UpOptions options, UpOutput output, CancellationToken cancellationToken)
    {
        var path = options.Data ?? Choose(output);
        var data = DataFolder.Kept(path);
        // Beside the folder, so that emptying it does not let go. The lock ends with the process, however that ends.
        FileStream held;
        try
        {
            held = new FileStream($"{data.Path}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new ServerStartException($"Another ./dev up works in {data.Path}: stop that one first, or give this one a folder of its own with --data.");
        }

        if (await data.EndLeftoversAsync(cancellationToken) is > 0 and var count)
            output.Say($"Ended what an earlier run had left behind ({count} processes)");
        if (options.Fresh)
            data.Empty();
        return new UpFolder(data, held);
    }

    /// <summary>Lets the folder go; what is in it stays.</summary>
    public void Dispose() => _lock.Dispose();

    private static string Choose(UpOutput output)
    {
        var root = BuiltOutput.RepositoryRoot;
        if (!UnixUser.IsRoot || UnixUser.CanBeEnteredByAll(root))
            return Path.Combine(root, Name);
        // One place for each clone, the same at every start.
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(root)))[..10];
        var elsewhere = $"/var/tmp/messaging-{hash}";
        output.Say($"Postgres runs as the user 'postgres', who cannot enter {root}: the data is kept in {elsewhere}");
        return elsewhere;
    }
}
