using Npgsql;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>The floor of submitting: rows of the same size into a table with nothing else about it, one commit for each batch.</summary>
internal sealed class PostgresRows : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "postgres-rows";

    /// <summary>Environment variable: <c>copy</c>; all else: <c>INSERT</c>.</summary>
    public const string WayVariable = "BENCH_WAY";

    private const string Insert = "INSERT INTO rows (id, kind, input) SELECT * FROM unnest($1, $2, $3)";

    private readonly NpgsqlDataSource _postgres = NpgsqlDataSource.Create(
        $"{Environment.GetEnvironmentVariable("Messaging__Postgres")};Maximum Pool Size=100;Max Auto Prepare=10;Auto Prepare Min Usages=1");

    private readonly bool _copy = Environment.GetEnvironmentVariable(WayVariable) == "copy";
    private readonly string _input = System.Text.Encoding.UTF8.GetString(Payload.Input(Payload.Text));

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var table = _postgres.CreateCommand("CREATE TABLE rows (id uuid PRIMARY KEY, kind text NOT NULL, input text NOT NULL)");
        await table.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken) => Callers.RunAsync(tasks, async count =>
    {
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7(TimeProvider.System.GetUtcNow())).ToArray();
        await (_copy ? CopyAsync(ids, cancellationToken) : InsertAsync(ids, cancellationToken));
        return ids[^1];
    });

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _postgres.DisposeAsync();

    private async Task InsertAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await using var command = _postgres.CreateCommand(Insert);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. ids.Select(_ => Payload.Kind)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. ids.Select(_ => _input)] });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task CopyAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await using var connection = await _postgres.OpenConnectionAsync(cancellationToken);
        await using var rows = await connection.BeginBinaryImportAsync("COPY rows (id, kind, input) FROM STDIN (FORMAT binary)", cancellationToken);
        foreach (var id in ids)
        {
            await rows.StartRowAsync(cancellationToken);
            await rows.WriteAsync(id, cancellationToken);
            await rows.WriteAsync(Payload.Kind, cancellationToken);
            await rows.WriteAsync(_input, cancellationToken);
        }

        await rows.CompleteAsync(cancellationToken);
    }
}
