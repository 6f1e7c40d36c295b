using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Which task a caller's key has made.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0007_idempotency_keys")]
public sealed class M0007IdempotencyKeys : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0007_idempotency_keys.sql";
}
