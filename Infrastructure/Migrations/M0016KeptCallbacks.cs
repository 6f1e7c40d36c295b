using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Retention keeps what a callback is still to tell of.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0016_kept_callbacks")]
public sealed class M0016KeptCallbacks : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0016_kept_callbacks.sql";
}
