using System.Globalization;
using Messaging.Tests.Support.Processes;
using Npgsql;

namespace Messaging.Tests.Support.Servers;

/// <summary>A private Postgres: own data folder, own loopback port, a superuser without password. About a second to start.</summary>
/// <param name="folder">Where it keeps everything; a temporary folder when not given.</param>
/// <param name="settings">Its settings; <see cref="PostgresSettings.Durable"/> when not given.</param>
public sealed class PostgresServer(DataFolder? folder = null, IReadOnlyDictionary<string, string>? settings = null) : IPostgres, IServer
{
    private const string User = "postgres";
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    private readonly DataFolder _folder = folder ?? DataFolder.Temporary("postgres");
    private ProcessIdentity? _process;
    private int _port;

    /// <inheritdoc/>
    public string ConnectionString => _port == 0
        ? throw new InvalidOperationException("Postgres has no port before its first start.")
        : $"Host=127.0.0.1;Port={_port.ToString(CultureInfo.InvariantCulture)};Username={User};Database=postgres";

    /// <summary>Id of the postmaster, the parent of all its processes; for measuring what they use.</summary>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("Postgres does not run.");

    private string Data => _folder.Combine("postgres", "data");

    private string PidFile => Path.Combine(Data, "postmaster.pid");

    private string Log => _folder.Combine("postgres", "postgres.log");

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (_process is { IsAlive: true })
            return;
        var programs = ServerBinaries.Postgres() ?? throw ServerPackages.Missing("Postgres");
        await PrepareDataAsync(programs, cancellationToken);
        await EndLeftoverAsync(cancellationToken);

        for (var attempt = 1; ; attempt++)
        {
            var port = _port == 0 ? FreePorts.Find(1)[0] : _port;
            File.Delete(Log);
            var started = await UnixUser.RunForPostgresAsync(
                programs.Root,
                _folder.Path,
                Path.Combine(programs.Folder, "pg_ctl"),
                ["-D", Data, "-l", Log, "-o", PostgresSettings.AsOptions(port, settings ?? PostgresSettings.Durable), "-w", "-t", "60", "start"],
                Environment(),
                cancellationToken);
            if (started.Succeeded)
            {
                _port = port;
                _process = ReadPidFile() ?? throw new ServerStartException($"Postgres ended right after its start; its log is {Log}.");
                ChildReaper.Watch(_process.Value, UnixSignal.Quit);
                return;
            }

            var log = File.Exists(Log) ? await File.ReadAllTextAsync(Log, cancellationToken) : started.Output;
            var portTaken = log.Contains("could not bind", StringComparison.Ordinal) && _port == 0;
            if (!portTaken || attempt == FreePorts.Attempts)
                throw new ServerStartException($"Postgres did not come up: {LogTail.Of(log)} (log: {Log})");
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(StopMode mode = StopMode.Graceful, CancellationToken cancellationToken = default)
    {
        if (_process is not { } process)
            return;
        process.Signal(mode == StopMode.Graceful ? UnixSignal.Interrupt : UnixSignal.Quit);
        if (!await process.WaitForExitAsync(StopLimit, cancellationToken))
            await KillAsync(cancellationToken);
        _process = null;
    }

    /// <inheritdoc/>
    public async Task KillAsync(CancellationToken cancellationToken = default)
    {
        if (_process is not { } process)
            return;
        // The backends too: they would live on until they next look at their parent, and block the restart.
        var family = process.Children().Prepend(process).ToArray();
        foreach (var member in family)
            member.Signal(UnixSignal.Kill);
        foreach (var member in family)
            await member.WaitForExitAsync(StopLimit, cancellationToken);
        ForgetPid();
        _process = null;
    }

    /// <inheritdoc/>
    public async Task RestartAsync(StopMode mode = StopMode.Graceful, CancellationToken cancellationToken = default)
    {
        await StopAsync(mode, cancellationToken);
        await StartAsync(cancellationToken);
    }

    /// <summary>Makes a database if there is none of that name, and returns its connection string.</summary>
    public async Task<string> EnsureDatabaseAsync(string name, CancellationToken cancellationToken = default)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var find = new NpgsqlCommand("SELECT 1 FROM pg_database WHERE datname = $1", connection) { Parameters = { new() { Value = name } } };
        if (await find.ExecuteScalarAsync(cancellationToken) is null)
        {
            await using var make = new NpgsqlCommand($"""CREATE DATABASE "{name}" TEMPLATE template0""", connection);
            await make.ExecuteNonQueryAsync(cancellationToken);
        }

        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>Stops it; a temporary data folder is removed.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(StopMode.Immediate);
        _folder.Release();
    }

    private async Task PrepareDataAsync(PostgresPrograms programs, CancellationToken cancellationToken)
    {
        if (Directory.Exists(Data))
            return;
        var home = _folder.Combine("postgres");
        Directory.CreateDirectory(home);
        await UnixUser.GiveToPostgresAsync(programs.Root, home, cancellationToken);
        // Made beside and moved into place, so that an initdb that was killed is simply done again.
        var unfinished = _folder.Combine("postgres", "data.new");
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        var made = await UnixUser.RunForPostgresAsync(
            programs.Root,
            _folder.Path,
            Path.Combine(programs.Folder, "initdb"),
            ["-D", unfinished, "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"],
            Environment(),
            cancellationToken);
        if (!made.Succeeded)
            throw new ServerStartException($"Postgres could not make its data folder: {LogTail.Of(made.Output)}");
        var version = (await File.ReadAllTextAsync(Path.Combine(unfinished, "PG_VERSION"), cancellationToken)).Trim();
        if (int.TryParse(version, CultureInfo.InvariantCulture, out var major) && major < ServerBinaries.OldestPostgres)
            throw new ServerStartException($"Postgres {version} in {programs.Folder} is too old: {ServerBinaries.OldestPostgres} or newer is needed.");
        Directory.Move(unfinished, Data);
    }

    private async Task EndLeftoverAsync(CancellationToken cancellationToken)
    {
        if (ReadPidFile() is not { } leftover || !leftover.CommandLine.Contains(Data, StringComparison.Ordinal))
        {
            ForgetPid();
            return;
        }

        leftover.Signal(UnixSignal.Quit);
        if (!await leftover.WaitForExitAsync(StopLimit, cancellationToken))
            throw new ServerStartException($"A Postgres from an earlier run still uses {Data} and does not stop: end process {leftover.Id}.");
    }

    private ProcessIdentity? ReadPidFile()
        => File.Exists(PidFile) && int.TryParse(File.ReadLines(PidFile).FirstOrDefault(), CultureInfo.InvariantCulture, out var id)
            ? ProcessIdentity.Of(id)
            : null;

    /// <summary>For a server that is known to be dead: Postgres takes a zombie, which an init process may leave for a while, for alive.</summary>
    private void ForgetPid() => File.Delete(PidFile);

    private Dictionary<string, string?> Environment() => new() { [DataFolder.OwnerVariable] = _folder.Path, ["PGDATA"] = null, ["PGPORT"] = null };
}
