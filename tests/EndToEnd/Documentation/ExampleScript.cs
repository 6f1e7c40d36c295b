using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;
using Npgsql;

namespace Messaging.Tests.EndToEnd.Documentation;

/// <summary>Makes one script for bash of a file's examples, for a system of the test's: what one of them has set the next ones know.</summary>
internal static partial class ExampleScript
{
    /// <summary>What examples in SQL find in the database. Roles are the server's: another test may have made it.</summary>
    public const string TablesAndRoles = """
        CREATE TABLE orders (id text PRIMARY KEY, email text NOT NULL);
        DO $$ BEGIN CREATE ROLE shop; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
        """;

    private const string Address = "http://127.0.0.1:8080";
    private const string Mark = "@@@ example of line ";

    /// <summary>The script; it ends at the first refusal.</summary>
    public static string Of(IReadOnlyList<DocumentedExample> examples, RunningSystem system)
    {
        var script = new StringBuilder("set -euo pipefail\ncurl() { command curl --fail-with-body --max-time 60 \"$@\"; }\n");
        foreach (var example in examples)
        {
            script.Append(CultureInfo.InvariantCulture, $"echo; echo '{Mark}{example.Line}'\n");
            var code = For(system, example.Code);
            script.Append(example.Language switch
            {
                "python" => $"python3 - <<'PYTHON'\n{code}PYTHON\n",
                "sql" => $"'{Psql()}' -X -q -At -v ON_ERROR_STOP=1 '{Database(system)}' <<'SQL'\n{code}SQL\n",
                _ when example.IsRefused => $"(curl() {{ command curl \"$@\"; }}\n{code})\n",
                _ => code,
            });
        }

        return script.ToString();
    }

    /// <summary>What each example of a script has written.</summary>
    public static string[] OutputsIn(string output) =>
        [.. output.Split(Mark).Skip(1).Select(part => part[(part.IndexOf('\n', StringComparison.Ordinal) + 1)..])];

    /// <summary>An example with the system's addresses and programs in place of those that the text shows.</summary>
    public static string For(RunningSystem system, string code)
    {
        code = code
            .Replace(Address, system.Producer.Address.AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal)
            .Replace("dotnet Messaging.Producer.dll", $"'{BuiltOutput.DotnetHost}' exec '{BuiltOutput.Of("Producer")}'", StringComparison.Ordinal);
        return PostgresSetting().Replace(code, $"Messaging__Postgres='{system.Connections.Postgres}'");
    }

    /// <summary>The database as libpq has it.</summary>
    private static string Database(RunningSystem system)
    {
        var postgres = new NpgsqlConnectionStringBuilder(system.Connections.Postgres);
        return $"host={postgres.Host} port={postgres.Port} dbname={postgres.Database} user={postgres.Username}"
            + (postgres.Password is { Length: > 0 } password ? $" password={password}" : "");
    }

    private static string Psql() =>
        Command.Find("psql", ServerBinaries.Postgres() is { } postgres ? [postgres.Folder] : [])
        ?? throw new ServerStartException("Examples in SQL are run by psql, which comes with Postgres; it is not in PATH.");

    [GeneratedRegex("Messaging__Postgres='[^']*'")]
    private static partial Regex PostgresSetting();
}
