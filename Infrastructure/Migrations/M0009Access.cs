using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>API keys and the audit log.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0009_access")]
public sealed class M0009Access : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0009_access.sql";
}
