using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>What the reconciler compares with and writes down, and the functions of retention.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0005_reconcile")]
public sealed class M0005Reconcile : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0005_reconcile.sql";
}
