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
            return await RowsReadByPreparedAsync(connection, "looked_at", values);
        }
        finally
        {
            await ExecuteAsync(connection, "DEALLOCATE looked_at");
        }
    }

    /// <summary>The same of a statement that the connection has prepared under a name, by the plan that it has made, if it has one.</summary>
    public static async Task<Dictionary<string, double>> RowsReadByPreparedAsync(NpgsqlConnection connection, string name, string values)
    {
        await using var explain = new NpgsqlCommand($"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE {name}({values})", connection);
        var plan = JsonNode.Parse((string)(await explain.ExecuteScalarAsync())!)![0]!["Plan"]!;
        return Scans(plan).GroupBy(scan => scan.Table, scan => scan.Rows).ToDictionary(table => table.Key, table => table.Sum());
    }

    private static IEnumerable<(string Table, double Rows)> Scans(JsonNode node)
    {
        // An insert, update or delete names its table too, and reads nothing there.
        if (node["Relation Name"]?.GetValue<string>() is { } relation && node["Node Type"]!.GetValue<string>() != "ModifyTable")
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
