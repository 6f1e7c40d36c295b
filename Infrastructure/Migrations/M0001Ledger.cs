using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>The ledger's tables.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0001_ledger")]
public sealed class M0001Ledger : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0001_ledger.sql";
}
