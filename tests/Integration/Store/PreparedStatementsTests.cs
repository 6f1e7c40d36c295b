using System.Reflection;
using Messaging.Infrastructure.Store.Submit;
using Npgsql;

namespace Messaging.Tests.Integration.Store;

/// <summary>Every SQL constant of Infrastructure is prepared against the migrated schema, so that a typo fails in seconds.</summary>
public sealed class PreparedStatementsTests : LedgerTest
{
    private static readonly string[] Verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];

    private static (string Name, string Sql)[] Statements =>
    [
        .. typeof(SubmitSql).Assembly.GetTypes()
            .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(f => f.IsLiteral && f.FieldType == typeof(string))
            .Select(f => ($"{f.DeclaringType!.Name}.{f.Name}", (string)f.GetRawConstantValue()!))
            .Where(s => Verbs.Any(verb => s.Item2.StartsWith(verb + " ", StringComparison.Ordinal))),
    ];

    [Test]
    public async Task Every_statement_can_be_prepared()
    {
        await using var connection = new NpgsqlConnection(Ledger.ConnectionString);
        await connection.OpenAsync();
        var wrong = new List<string>();
        foreach (var (name, sql) in Statements)
        {
            try
            {
                await using var prepare = new NpgsqlCommand($"PREPARE statement AS {sql}; DEALLOCATE statement", connection);
                await prepare.ExecuteNonQueryAsync();
            }
            catch (PostgresException e)
            {
                wrong.Add($"{name}: {e.MessageText}");
            }
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(Statements, Has.Length.GreaterThan(15), "the search must find them");
    }
}
