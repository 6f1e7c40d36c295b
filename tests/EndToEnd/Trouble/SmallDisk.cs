using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;
using Npgsql;

namespace Messaging.Tests.EndToEnd.Trouble;

/// <summary>
/// A Postgres whose disk can be full: its folder is a small file system in memory. Where none can be mounted, its tables refuse every row
/// with the error of a full disk instead.
/// </summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private const int Megabytes = 400;

    private readonly string _folder;
    private readonly bool _mounted;

    private SmallDisk(string folder, bool mounted)
    {
        _folder = folder;
        _mounted = mounted;
        Postgres = new PostgresServer(DataFolder.Kept(folder));
    }

    public PostgresServer Postgres { get; }

    /// <summary>True if the disk is a real one, false if a trigger plays it.</summary>
    public bool IsReal => _mounted;

    private string Ballast => Path.Combine(_folder, "ballast");

    public static async Task<SmallDisk> StartAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine("/var/tmp", $"messaging-disk-{Guid.NewGuid():N}")).FullName;
        var disk = new SmallDisk(folder, await TryMountAsync(folder));
        await disk.Postgres.StartAsync();
        return disk;
    }

    /// <summary>Leaves no byte.</summary>
    public async Task FillAsync()
    {
        if (!_mounted)
        {
            await RunAsync(
                """
                CREATE FUNCTION messaging.disk_full() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
                CREATE TRIGGER disk_full BEFORE INSERT ON messaging.open_tasks EXECUTE FUNCTION messaging.disk_full();
                CREATE TRIGGER disk_full BEFORE INSERT ON messaging.outbox EXECUTE FUNCTION messaging.disk_full()
                """);
            return;
        }

        await using var ballast = new FileStream(Ballast, FileMode.Append);
        try
        {
            while (true)
            {
                await ballast.WriteAsync(new byte[64 * 1024]);
                await ballast.FlushAsync();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Makes room again, and starts Postgres if it has given up.</summary>
    public async Task FreeAsync()
    {
        if (!_mounted)
        {
            await RunAsync("DROP FUNCTION messaging.disk_full() CASCADE");
            return;
        }

        File.Delete(Ballast);
        await Eventually.TrueAsync(
            async token =>
            {
                await Postgres.StartAsync(token);
                await using var connection = new NpgsqlConnection($"{Postgres.ConnectionString};Pooling=false");
                await connection.OpenAsync(token);
                return true;
            },
            TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        await Postgres.DisposeAsync();
        if (_mounted)
            await Command.RunAsync("umount", ["-l", _folder]);
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<bool> TryMountAsync(string folder)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return false;
        return (await Command.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={Megabytes}m,mode=755", "tmpfs", folder])).Succeeded;
    }

    private async Task RunAsync(string sql)
    {
        await using var connection = new NpgsqlConnection($"{Postgres.ConnectionString};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
