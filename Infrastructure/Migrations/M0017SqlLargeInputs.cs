using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Inputs that are submitted by SQL and too large for a row become files.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0017_sql_large_inputs")]
public sealed class M0017SqlLargeInputs : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0017_sql_large_inputs.sql";
}
