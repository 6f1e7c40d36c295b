using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Submits by SQL, in the caller's own transaction.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0011_sql_submit")]
public sealed class M0011SqlSubmit : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0011_sql_submit.sql";
}
