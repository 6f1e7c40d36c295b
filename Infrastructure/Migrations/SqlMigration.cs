using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>A migration that runs the numbered SQL file of its own name. Forward only: old and new versions run side by side, so tables only grow.</summary>
public abstract class SqlMigration : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(Read(File));
    }

    /// <summary>The file below <c>Migrations/Sql</c>.</summary>
    protected abstract string File { get; }

    private static string Read(string file)
    {
        using var stream = typeof(SqlMigration).Assembly.GetManifestResourceStream($"{typeof(SqlMigration).Namespace}.Sql.{file}")
            ?? throw new InvalidOperationException($"The migration's file {file} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
