using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Tasks that are submitted by SQL may have a callback.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0013_sql_callbacks")]
public sealed class M0013SqlCallbacks : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0013_sql_callbacks.sql";
}
