using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;

namespace Messaging.Tests.Integration.Store;

/// <summary>Runs a prepared statement and answers how many rows it read of each table, filtered ones included; partitions count as their table.</summary>
internal static class PlanReader
{
    /// <param name="connection">The plans depend on its settings.</param>
    /// <param name="sql">The statement.</param>
    /// <param name="values">Its parameters, as SQL.</param>
    public static async Task<Dictionary<string, double>> RowsReadAsync(NpgsqlConnection connection, string sql, string values)
    {
        await ExecuteAsync(connection, $"PREPARE looked_at AS {sql}");
        try
        {
            await using var explain = new NpgsqlCommand($"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE looked_at({values})", connection);
            var plan = JsonNode.Parse((string)(await explain.ExecuteScalarAsync())!)![0]!["Plan"]!;
            return Scans(plan).GroupBy(scan => scan.Table, scan => scan.Rows).ToDictionary(table => table.Key, table => table.Sum());
        }
        finally
        {
            await ExecuteAsync(connection, "DEALLOCATE looked_at");
        }
    }

    private static IEnumerable<(string Table, double Rows)> Scans(JsonNode node)
    {
        if (node["Relation Name"]?.GetValue<string>() is { } relation)
        {
            var rows = new[] { "Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck" }.Sum(name => Number(node[name]));
            yield return (relation.TrimEnd("_0123456789".ToCharArray()), rows * Number(node["Actual Loops"]));
        }

        foreach (var below in (node["Plans"] as JsonArray ?? []).SelectMany(child => Scans(child!)))
            yield return below;
    }

    private static double Number(JsonNode? node) => node is null ? 0 : Convert.ToDouble(node.ToString(), CultureInfo.InvariantCulture);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
