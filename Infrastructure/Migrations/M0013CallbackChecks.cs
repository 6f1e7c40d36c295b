using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>The rules of callbacks, in SQL.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0013_callback_checks")]
public sealed class M0013CallbackChecks : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0013_callback_checks.sql";
}
